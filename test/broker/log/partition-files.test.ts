import t from 'tap'
import { isDamagedId } from '../../../broker/log/partition-files.ts'

t.test('a topic id with a flipped bit is taken for what it was, another one is not', (t) => {
  const topicId = 'TcKMwOCsRsG-EwzMfI0BHQ'
  t.notOk(isDamagedId(topicId, topicId))
  for (let at = 0; at < topicId.length; at++) {
    const flipped = String.fromCharCode(topicId.charCodeAt(at) ^ 1)
    t.ok(isDamagedId(topicId.slice(0, at) + flipped + topicId.slice(at + 1), topicId))
  }
  t.notOk(isDamagedId('Zc2Yt0cYQ5yq8kK3m1b2Xg', topicId))
  t.end()
})
