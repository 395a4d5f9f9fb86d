/**
 * Runs the golden vectors, those beside this file or of another folder: `VECTORS=folder npm run --silent vectors`. Each file of the folder goes to the check that its name says
 * (messages.jsonl and messages.jsonl.gz to check-messages); files without a check are named and passed over.
 * Prints each failing line, and exits with 1 if there is any.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { gunzipSync } from 'node:zlib'
import type { Verdict } from './json-lines.ts'

export type Check = (lines: Iterable<string>) => Verdict | Promise<Verdict>

/** Which check a file goes to, where their names differ. */
const kindOf: { readonly [name: string]: string } = { 'messages-old': 'messages', logmessages: 'messages' }

/** The verdict on one file; undefined if nothing checks its kind. */
export async function checkFile(path: string): Promise<Verdict | undefined> {
  const name = /([\w-]+)\.jsonl(?:\.gz)?$/.exec(path)?.[1]
  if (name === undefined) return undefined
  const module = new URL(`check-${kindOf[name] ?? name}${extname(import.meta.url)}`, import.meta.url)
  if (!existsSync(module)) return undefined
  const { check } = (await import(module.href)) as { check: Check }
  const bytes = readFileSync(path)
  return check(linesOf((path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')))
}

/** Only a line feed ends a line: other separators occur raw within strings. */
function* linesOf(text: string): Generator<string> {
  let start = 0
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
    yield text.slice(start, end)
    start = end + 1
  }
  if (start < text.length) yield text.slice(start)
}

async function main(folder: string): Promise<number> {
  let passed = 0
  let failed = 0
  for (const file of readdirSync(folder).sort()) {
    if (!/\.jsonl(\.gz)?$/.test(file)) continue
    const verdict = await checkFile(join(folder, file))
    if (!verdict) {
      console.log(`${file}: no check for it`)
      continue
    }
    for (const failure of verdict.failures) console.log(`${file}:${failure}`)
    console.log(`${file}: ${verdict.passed} passed, ${verdict.failures.length} failed`)
    passed += verdict.passed
    failed += verdict.failures.length
  }
  console.log(`${passed} passed, ${failed} failed`)
  return failed === 0 && passed > 0 ? 0 : 1
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.exitCode = await main(process.env['VECTORS'] ?? fileURLToPath(new URL('.', import.meta.url)))
}
