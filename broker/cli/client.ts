/** How commands reach a broker: the flag that says where it is, and a client for the time of one command. */
import type { ClientError, Stele, SteleOptions } from '../../client/index.ts'
import { clientConfigVariable, readClientConfig } from './client-config.ts'
import { flag } from './command.ts'
import { CommandError, UsageError } from './exit.ts'

const defaultBootstrap = '127.0.0.1:9092'

export const bootstrapFlag = flag.text(
  'HOST:PORT',
  `A broker to begin with, several with commas; $STELE_BOOTSTRAP, else ${defaultBootstrap}.`,
  {
    short: 'b',
  },
)

/** The client's errors become sentences. It is closed when `work` is done, however that ends. */
export async function withClient<T>(
  bootstrap: string | undefined,
  work: (stele: Stele) => Promise<T>,
  limits: Pick<SteleOptions, 'requestTimeoutMs' | 'connectTimeoutMs'> = {},
): Promise<T> {
  const path = process.env[clientConfigVariable] ?? ''
  const config = path === '' ? {} : readClientConfig(path)
  const { ClientError, Stele } = await import('../../client/index.ts')
  try {
    await using stele = new Stele({
      clientId: 'stele',
      ...config,
      bootstrap: bootstrap ?? process.env['STELE_BOOTSTRAP'] ?? config.bootstrap ?? defaultBootstrap,
      ...limits,
    })
    return await work(stele)
  } catch (error) {
    if (error instanceof ClientError && error.code === 'INVALID_ADDRESS') throw new UsageError(`--bootstrap: ${error.message}`)
    if (error instanceof ClientError) throw new CommandError(`${error.message}${hintFor(error)}`, error)
    throw error
  }
}

/** What to do about it, where that is the same whoever asked. */
function hintFor({ code, partition }: ClientError): string {
  if (code === 'CONNECTION_FAILED') return ' (--bootstrap says where a broker is)'
  if (code === 'UNKNOWN_TOPIC_OR_PARTITION' && partition === undefined) return ' (stele topics list names those it has)'
  return code === 'GROUP_ID_NOT_FOUND' ? ' (stele groups list names those it has)' : ''
}
