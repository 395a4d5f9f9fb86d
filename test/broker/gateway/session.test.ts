/** Stories of one stream, told to its session: what goes in, and what comes out. */
import t from 'tap'
import type { ClientMessage } from '../../../client/protocol/stream/client-messages.ts'
import { Session, type SessionEffect, type SessionInput } from '../../../broker/gateway/session.ts'

const limits = { frameBytes: 1000, subscriptions: 2, partitions: 10, requests: 3, idleMillis: 1000, helloMillis: 100 }

/** A session and its clock. */
function story() {
  const session = new Session('s', limits, 0)
  let now = 0
  const step = (input: SessionInput) => session.step(input, now).map(brief)
  return {
    say: (message: ClientMessage) => step({ type: 'message', message }),
    step,
    after: (millis: number) => {
      now += millis
      return step({ type: 'tick' })
    },
    welcomed() {
      this.say({ type: 'hello' })
      step({ type: 'authenticated' })
      return this
    },
  }
}

function brief(effect: SessionEffect): string {
  switch (effect.type) {
    case 'send':
      return `send ${effect.message.type}`
    case 'close':
      return `close ${effect.code}: ${effect.reason}`
    case 'authenticate':
      return `authenticate ${effect.hello.token ?? 'nobody'}`
    case 'open':
      return `open ${effect.subscribe.subscription}`
    case 'tell':
      return `tell ${effect.message.subscription} ${effect.message.type}`
    case 'end':
      return `end ${effect.subscription}`
    case 'ask':
      return `ask ${effect.asked.request} ${effect.asked.type}`
    default:
      return effect satisfies never
  }
}

const subscribe = (subscription: number): ClientMessage => ({ type: 'subscribe', subscription, topics: ['t'] })
const publish = (request: number, partition = 0, id?: number): ClientMessage => ({
  type: 'publish',
  request,
  topic: 't',
  partition,
  records: [],
  ...(id !== undefined && { producer: { id, epoch: 0, sequence: 0 } }),
})

/** Says one after the other; what the last brings. */
function each(numbers: number[], told: ReturnType<typeof story>, message: (number: number) => ClientMessage): string[] {
  const { say } = told.welcomed()
  return numbers.map((number) => say(message(number))).at(-1) ?? []
}

t.test('hello, then what was said meanwhile, in its order', (t) => {
  const { say, step } = story()
  t.strictSame(say({ type: 'hello', token: 'k' }), ['authenticate k'])
  t.strictSame(say(subscribe(1)), [])
  t.strictSame(say({ type: 'topics', request: 1 }), [])
  t.strictSame(step({ type: 'authenticated' }), ['send welcome', 'open 1', 'ask 1 topics'])
  t.strictSame(step({ type: 'authenticated' }), [])
  t.end()
})

t.test('who is refused hears why, and nothing after it', (t) => {
  const { say, step } = story()
  say({ type: 'hello' })
  say(subscribe(1))
  t.strictSame(step({ type: 'unauthorized', why: 'the token has expired' }), ['close 4003: the token has expired'])
  t.strictSame(say(subscribe(2)), [])
  t.strictSame(step({ type: 'authenticated' }), [])
  t.end()
})

t.test('a subscription lives until it is ended by either side', (t) => {
  const { say, step } = story().welcomed()
  t.strictSame(say(subscribe(1)), ['open 1'])
  t.strictSame(say({ type: 'credit', subscription: 1, records: 1 }), ['tell 1 credit'])
  t.strictSame(say({ type: 'unsubscribe', subscription: 1 }), ['end 1', 'send unsubscribed'])
  t.strictSame(say({ type: 'credit', subscription: 1, records: 1 }), [], 'what is late for it is passed over')
  t.strictSame(say({ type: 'unsubscribe', subscription: 1 }), [])
  t.strictSame(say(subscribe(1)), ['open 1'], 'its number is free again')
  step({ type: 'ended', subscription: 1 })
  t.strictSame(say({ type: 'pause', subscription: 1 }), [])
  t.end()
})

t.test('who is silent is asked, once, and closed when nothing comes', (t) => {
  const { after, step, say } = story().welcomed()
  t.strictSame(after(499), [])
  t.strictSame(after(1), ['send ping'])
  t.strictSame(after(400), [])
  t.strictSame(say({ type: 'pong' }), [])
  t.strictSame(after(500), ['send ping'])
  t.strictSame(step({ type: 'heard' }), [])
  t.strictSame(after(999), ['send ping'])
  t.strictSame(after(1), ['close 4008: nothing was heard for 1000 ms'])
  t.end()
})

t.test('every bound has its code', (t) => {
  const bounds: [name: string, ends: string, act: (told: ReturnType<typeof story>) => string[]][] = [
    ['no hello', 'close 4001: no hello came within 100 ms', ({ after }) => after(100)],
    [
      'a token that nobody decides on',
      'close 4001: the token was not decided on within 100 ms',
      ({ say, after }) => [...say({ type: 'hello' }).slice(1), ...after(100)],
    ],
    ['something before hello', 'close 4000: hello comes first, not ping', ({ say }) => say({ type: 'ping' })],
    ['hello twice', 'close 4000: a second hello', (told) => told.welcomed().say({ type: 'hello' })],
    [
      'too much before the welcome',
      'close 4013: more than 3 messages before the welcome',
      ({ say }) => [...say({ type: 'hello' }).slice(1), ...[1, 2, 3, 4].flatMap((one) => say(subscribe(one)))],
    ],
    ['bytes that are no message', 'close 4000: what', ({ step }) => step({ type: 'malformed', why: 'what' })],
    ['the other kind of frame', 'close 1003: text', ({ step }) => step({ type: 'unsupported', why: 'text' })],
    ['a subscription twice', 'close 4000: subscription 1 is in use', (told) => each([1, 1], told, (one) => subscribe(one))],
    [
      'topics and partitions',
      'close 4000: subscribe names either topics or partitions',
      (told) => told.welcomed().say({ type: 'subscribe', subscription: 1 }),
    ],
    [
      'a group of partitions',
      'close 4000: a group shares out whole topics: name topics, not partitions',
      (told) => told.welcomed().say({ type: 'subscribe', subscription: 1, partitions: [], group: 'g' }),
    ],
    [
      'committed by nobody',
      'close 4000: committed is a place of groups: name a group',
      (told) => told.welcomed().say({ type: 'subscribe', subscription: 1, topics: ['t'], from: 'committed' }),
    ],
    ['subscriptions', 'close 4011: more than 2 subscriptions', (told) => each([1, 2, 3], told, (one) => subscribe(one))],
    [
      'partitions',
      'close 4012: 12 partitions, more than 10',
      (told) => {
        const { say, step } = told.welcomed()
        for (const one of [1, 2]) say(subscribe(one))
        return [1, 2].flatMap((subscription) => step({ type: 'reads', subscription, partitions: 6 }))
      },
    ],
    [
      'requests',
      'close 4013: more than 3 requests unanswered',
      (told) => each([1, 2, 3, 4], told, (request) => ({ type: 'topics', request })),
    ],
  ]
  for (const [name, ends, act] of bounds) t.strictSame(act(story()), [ends], name)
  t.end()
})

t.test('publishes of one producer to a partition are few, those of others count for themselves', (t) => {
  const session = new Session('s', { ...limits, requests: 100 }, 0)
  const step = (input: SessionInput) => session.step(input, 0).map(brief)
  step({ type: 'message', message: { type: 'hello' } })
  step({ type: 'authenticated' })
  for (let request = 0; request < 5; request++) {
    t.strictSame(step({ type: 'message', message: publish(request, 0, 7) }), [`ask ${request} publish`])
    t.strictSame(step({ type: 'message', message: publish(request + 10, 1, 7) }), [`ask ${request + 10} publish`])
    t.strictSame(step({ type: 'message', message: publish(request + 20) }), [`ask ${request + 20} publish`])
  }
  step({ type: 'answered', asked: publish(0, 0, 7) as Extract<ClientMessage, { type: 'publish' }> })
  t.strictSame(step({ type: 'message', message: publish(6, 0, 7) }), ['ask 6 publish'])
  t.strictSame(step({ type: 'message', message: publish(30, 0, 7) }), [
    'close 4014: more than 5 publishes of one producer to a partition unanswered',
  ])
  t.end()
})
