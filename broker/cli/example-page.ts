/**
 * The page that the broker shows at `/`: topics, and live records of one, read with the client that any page would use.
 * Owns: which files those are. They are read when somebody asks; where the package was run from its sources and never built, there is no page.
 */
import { readFile } from 'node:fs/promises'
import type { HttpAnswer } from '../platform/http.ts'

const files: ReadonlyMap<string, { readonly file: string; readonly contentType: string }> = new Map([
  ['/', { file: '../gateway/page/index.html', contentType: 'text/html; charset=utf-8' }],
  ['/page.js', { file: '../gateway/page/page.js', contentType: 'text/javascript; charset=utf-8' }],
  ['/stele.js', { file: '../../client/browser.js', contentType: 'text/javascript; charset=utf-8' }],
])

export async function examplePage(path: string): Promise<HttpAnswer | undefined> {
  const asked = files.get(path)
  if (!asked) return undefined
  try {
    return { status: 200, contentType: asked.contentType, body: await readFile(new URL(asked.file, import.meta.url)) }
  } catch {
    return undefined
  }
}
