/** The peer's side of PROTOCOL.md, for the JavaScript clients: answers a line for a line until stdin ends. */
import * as readline from 'node:readline'
import type { From } from './reading.ts'

export type Act = (request: Record<string, string>) => Promise<Record<string, string | number>>

export async function serve(acts: Record<string, Act>): Promise<void> {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const request = Object.fromEntries(new URLSearchParams(line))
    const reply = await answer(acts[request['op'] ?? ''], request)
    process.stdout.write(`${new URLSearchParams(reply).toString()}\n`)
  }
}

async function answer(act: Act | undefined, request: Record<string, string>): Promise<Record<string, string>> {
  if (!act) return { error: `no such op: ${request['op']}` }
  try {
    return Object.fromEntries(Object.entries(await act(request)).map(([name, value]) => [name, String(value)]))
  } catch (error) {
    console.error(error)
    return { error: String(error) }
  }
}

export function fromOf(request: Record<string, string>): From {
  const at = request['at'] ?? ''
  if (request['from'] === 'offset') return { from: 'offset', offsets: at.split(',').map(Number) }
  if (request['from'] === 'time') return { from: 'time', timeMillis: Number(at) }
  return { from: 'beginning' }
}
