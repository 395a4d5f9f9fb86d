/**
 * Groups of the classic protocol, as transcripts: what members ask, and what they are told, line by line.
 * REWRITE=1 writes down what is told now; the difference is to be read.
 */
import * as fs from 'node:fs'
import t from 'tap'
import { GroupWorld } from '../../support/group-world.ts'

const folder = new URL('transcripts/', import.meta.url)

for (const file of fs.readdirSync(folder).sort()) {
  const path = new URL(file, folder)
  const text = fs.readFileSync(path, 'utf8')
  const [title = file, ...stories] = text.split(/^## /m)
  t.test(title.replace(/^# /, '').trim(), async (t) => {
    const played = [title]
    for (const story of stories) {
      const [name = '', ...lines] = story.split('\n')
      const settings = Object.fromEntries(lines.filter((line) => line.startsWith('set ')).map((line) => line.slice(4).split('=')))
      const world = new GroupWorld({ 'group.initial.rebalance.delay.ms': 0, ...settings })
      await world.settled()
      const transcript = await world.play(story)
      const set = lines.filter((line) => line.startsWith('set ')).map((line) => `${line}\n`)
      played.push(`## ${name}\n${set.join('')}${transcript}\n`)
      await world.fixture.directory.close()
    }
    const now = `${played.join('').trimEnd()}\n`
    if (process.env['REWRITE'] === '1') fs.writeFileSync(path, now)
    t.equal(now, text, file)
  })
}
