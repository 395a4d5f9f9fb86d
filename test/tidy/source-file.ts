/**
 * The repository's own files, as its checks see them: a path from the root and the text.
 * A check is a pure function from such files to findings, so that each has a test in which it fails.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface SourceFile {
  path: string
  text: string
}

/** One line for a person: where, and what is wrong. */
export type Finding = string

export type Check = (files: readonly SourceFile[]) => Finding[]

const textual = /(\.(ts|md|json|yml|properties|sh|txt)|Makefile|\.taprc|\.npmrc|\.nvmrc|\.gitignore|\.ci\/run|LICENSE)$/

/** All that git tracks or would track, so that a file not yet added is judged too. What holds no text for people has none here. */
export function repositoryFiles(root: string): SourceFile[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: root, encoding: 'utf8' })
  return listed
    .split('\0')
    .filter((path) => path !== '' && existsSync(join(root, path)))
    .map((path) => ({ path, text: textual.test(path) ? readFileSync(join(root, path), 'utf8') : '' }))
}

export function linesOf(file: SourceFile): string[] {
  return file.text.split('\n')
}

export function isTypeScript(file: SourceFile): boolean {
  return file.path.endsWith('.ts')
}
