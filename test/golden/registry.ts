/** All message declarations by name: every file of client/protocol/messages, found by listing the folder. */
import { readdirSync } from 'node:fs'
import type { Message } from '../../client/protocol/schema.ts'

const root = new URL('../../client/protocol/messages/', import.meta.url)

/** By name, `ProduceRequest`. */
export const declarations: ReadonlyMap<string, Message> = new Map(
  (await Promise.all([root, new URL('records/', root)].map(declarationsIn))).flat().map((declaration) => [declaration.name, declaration]),
)

async function declarationsIn(folder: URL): Promise<Message[]> {
  const files = readdirSync(folder).filter((file) => /(?<!\.d)\.[jt]s$/.test(file))
  const modules = await Promise.all(files.map((file) => import(new URL(file, folder).href) as Promise<Record<string, Message>>))
  return modules.flatMap((module) => Object.values(module))
}
