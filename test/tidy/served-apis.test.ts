/** The page says of every API whether it is served: the truth, because it is made from the table that serves them. */
import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { servedSection, withServedSection } from '../../config/served-apis.ts'

const page = new URL('../../broker/ARCHITECTURE.md', import.meta.url)

t.test('what is served is what the page says', (t) => {
  const text = readFileSync(page, 'utf8')
  const right = withServedSection(text)
  if (process.env['REWRITE'] === '1') writeFileSync(page, right)
  t.equal(readFileSync(page, 'utf8'), right, 'or run: REWRITE=1 node test/tidy/served-apis.test.ts')
  t.end()
})

t.test('a page that says something else is noticed', (t) => {
  const right = servedSection()
  const wrong = right.replace('| 0 | Produce | 0–13 |', '| 0 | Produce | 0–12 |')
  t.not(wrong, right)
  t.equal(withServedSection(`above\n${wrong}\nbelow`), `above\n${right}\nbelow`)
  t.throws(() => withServedSection('a page without it'), /no place/)
  t.end()
})
