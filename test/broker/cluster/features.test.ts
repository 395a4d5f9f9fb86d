/** What Apache Kafka 4.3.1 answered to the same updates, code and sentence, is what this table holds. */
import t from 'tap'
import { type FeatureUpdate, metadataVersion, planUpdateFeatures, supportedFeatures } from '../../../broker/cluster/features.ts'
import { fold } from '../../../broker/cluster/fold.ts'
import { ClusterImage } from '../../../broker/cluster/image.ts'
import { planRegister } from '../../../broker/cluster/registration.ts'
import { ErrorCode } from '../../../client/protocol/errors.ts'

const upgrade = 1
const safeDowngrade = 2
const unsafeDowngrade = 3

const registration = { endpoints: new Map(), rack: null, directoryId: 'AAAAAAAAAAAAAAAAAAAAyA' }
const incarnationId = 'AAAAAAAAAAAAAAAAAAAAdg'
const formatted = fold(ClusterImage.empty, planRegister(registration, { brokerId: 1, incarnationId })(ClusterImage.empty, 0).records)

type Update = [feature: string, level: number, upgradeType: number]
const updates = (...list: Update[]): FeatureUpdate[] =>
  list.map(([feature, maxVersionLevel, upgradeType]) => ({ feature, maxVersionLevel, upgradeType }))

function update(image: ClusterImage, list: Update[], validateOnly = false) {
  const { records, reply } = planUpdateFeatures(updates(...list), { brokerId: 1, validateOnly })(image, 0)
  return { records, reply, image: fold(image, records) }
}

t.test('a new cluster begins with levels that this broker supports', async (t) => {
  for (const [name, level] of formatted.features) {
    const row = supportedFeatures.find((feature) => feature.name === name)
    t.ok(row && row.minSupportedVersion <= level && level <= row.maxSupportedVersion, `${name} ${level}`)
  }
  t.same([...formatted.features.keys()].sort(), supportedFeatures.map(({ name }) => name).sort())
})

t.test('levels go up, and down where that is asked for; a level of 0 is none', async (t) => {
  const down = update(formatted, [['group.version', 0, safeDowngrade]])
  t.match(down.reply, { errorCode: ErrorCode.NONE, errorMessage: null })
  t.equal(down.image.features.get('group.version'), undefined)
  t.equal(update(down.image, [['group.version', 1, upgrade]]).image.features.get('group.version'), 1)
  t.equal(update(formatted, [['transaction.version', 1, unsafeDowngrade]]).image.features.get('transaction.version'), 1)
  t.equal(update(formatted, [[metadataVersion, 30, upgrade]]).image.features.get(metadataVersion), 30)
})

t.test('what is already so, and what is only to be checked, writes nothing', async (t) => {
  for (const type of [upgrade, safeDowngrade, unsafeDowngrade]) t.same(update(formatted, [['group.version', 1, type]]).records, [])
  const checked = update(formatted, [['group.version', 0, safeDowngrade]], true)
  t.same([checked.records, checked.reply.errorCode], [[], ErrorCode.NONE])
})

t.test('of several updates of one feature the last one counts', async (t) => {
  const good: Update = ['group.version', 0, safeDowngrade]
  const bad: Update = ['group.version', 7, upgrade]
  t.equal(update(formatted, [bad, good]).reply.errorCode, ErrorCode.NONE)
  t.equal(update(formatted, [good, bad]).reply.errorCode, ErrorCode.INVALID_UPDATE_VERSION)
})

t.test('updates that Kafka refuses are refused in its words, and with them all others of the request', async (t) => {
  const latest = update(formatted, [[metadataVersion, 30, upgrade]]).image
  const cases: [Update, string, ClusterImage?][] = [
    [['nope', 1, upgrade], 'Invalid update version 1 for feature nope. Local controller 1 does not support this feature.'],
    [['nope', 0, upgrade], 'Invalid update version 0 for feature nope. Feature nope not found.'],
    [['', 1, upgrade], 'Invalid update version 1 for feature . Local controller 1 does not support this feature.'],
    [['group.version', 9, upgrade], 'Invalid update version 9 for feature group.version. Local controller 1 only supports versions 0-1'],
    [['group.version', -1, upgrade], 'Invalid update version -1 for feature group.version. A feature version cannot be less than 0.'],
    [
      ['group.version', 0, upgrade],
      "Invalid update version 0 for feature group.version. Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe downgrade.",
    ],
    [['nope', 7, 0], 'Invalid update version 7 for feature nope. The controller does not support the given upgrade type.'],
    [
      ['group.version', 1, 9],
      'Invalid update version 1 for feature group.version. The controller does not support the given upgrade type.',
    ],
    [[metadataVersion, 30, safeDowngrade], "Invalid update version 30 for feature metadata.version. Can't downgrade to a newer version."],
    [
      [metadataVersion, 6, unsafeDowngrade],
      'Invalid update version 6 for feature metadata.version. Local controller 1 only supports versions 7-30',
    ],
    [
      [metadataVersion, 29, safeDowngrade],
      'Unsupported metadata.version downgrade from 30 to 29. Refusing to perform the requested downgrade because it might delete metadata information.',
      latest,
    ],
    [
      [metadataVersion, 10, unsafeDowngrade],
      'Unsupported metadata.version downgrade from 30 to 10. Unsafe metadata downgrade is not supported in this version.',
      latest,
    ],
  ]
  for (const [wrong, message, image = formatted] of cases) {
    const errorMessage = `The update failed for all features since the following feature had an error: ${message}`
    const { records, reply } = update(image, [['transaction.version', 1, safeDowngrade], wrong])
    t.same([records, reply], [[], { errorCode: ErrorCode.INVALID_UPDATE_VERSION, errorMessage }], errorMessage)
  }
})

t.test('metadata.version goes back only where the levels between changed no record', async (t) => {
  t.equal(update(formatted, [[metadataVersion, 23, safeDowngrade]]).image.features.get(metadataVersion), 23)
  t.equal(update(formatted, [[metadataVersion, 22, safeDowngrade]]).reply.errorCode, ErrorCode.INVALID_UPDATE_VERSION)
})
