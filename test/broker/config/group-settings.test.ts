import t from 'tap'
import { describeGroup } from '../../../broker/config/describe.ts'
import { boundedGroupSettings } from '../../../broker/config/group-settings.ts'
import { Settings } from '../../../broker/config/settings.ts'

const session = 'consumer.session.timeout.ms'
const heartbeat = 'consumer.heartbeat.interval.ms'

t.test('a group keeps what lies within bounds, and whoever has nothing of its own has what the broker says', (t) => {
  const own = new Map([[session, '50000']])
  t.equal(boundedGroupSettings(Settings.defaults, own), own)
  t.equal(boundedGroupSettings(Settings.defaults, new Map()).size, 0)
  t.end()
})

t.test('where the bounds became narrower the nearest value counts, and is what DescribeConfigs tells', (t) => {
  const own = new Map([
    [session, '90000'],
    [heartbeat, '1000'],
  ])
  t.same(
    [...boundedGroupSettings(Settings.defaults, own)],
    [
      [session, '60000'],
      [heartbeat, '5000'],
    ],
  )
  t.match(describeGroup(Settings.defaults, own, [session]), [{ name: session, value: '60000', configSource: 8 }])
  t.end()
})

t.test("the broker's values count where a session would be no longer than the time between heartbeats", (t) => {
  const settings = Settings.defaults.with({
    'group.consumer.min.session.timeout.ms': '1000',
    'group.consumer.max.heartbeat.interval.ms': '40000',
  })
  const own = new Map([
    [session, '2000'],
    [heartbeat, '30000'],
    ['consumer.assignment.interval.ms', '99999'],
  ])
  t.same([...boundedGroupSettings(settings, own)], [['consumer.assignment.interval.ms', '15000']])
  t.end()
})
