/**
 * A fetch session with one broker (KIP-227), the reader's side: partitions are named once, and then only what changes.
 * Owns: what the broker was told last. Pure: says what the next request is to hold, and hears what was answered.
 * Invariant: whatever goes wrong, the next request names everything again, in a session of its own.
 */
import { ErrorCode } from '../protocol/errors.ts'

/** What a broker is told of a partition. */
export interface SessionItem {
  readonly topic: string
  readonly topicId: string | undefined
  readonly partition: number
  readonly fetchOffset: number
  readonly currentLeaderEpoch: number
  readonly partitionMaxBytes: number
}

export interface SessionRequest {
  readonly sessionId: number
  readonly sessionEpoch: number
  /** What is new, or not as it was. */
  readonly topics: readonly SessionItem[]
  readonly forgotten: readonly SessionItem[]
}

const noSession = 0
const firstEpoch = 0
const lastEpoch = 0x7fffffff
/** In a request: there is no session, or it ends. */
const noEpoch = -1
/** A broker has room for few sessions: where there is little to say, it is said each time. */
const partitionsMin = 16

const broken: ReadonlySet<number> = new Set([
  ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
  ErrorCode.INVALID_FETCH_SESSION_EPOCH,
  ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR,
])

/** @typeParam K who is asked for: by identity. */
export class FetchSession<K extends object> {
  #id = noSession
  #epoch = firstEpoch
  #told: ReadonlyMap<K, SessionItem> = new Map()

  /** How the broker is told that it is to read these and no others. */
  request(wanted: ReadonlyMap<K, SessionItem>): SessionRequest {
    if (!this.isOpen) {
      const all = [...wanted.values()]
      if (wanted.size < partitionsMin) return { sessionId: noSession, sessionEpoch: noEpoch, topics: all, forgotten: [] }
      this.#told = wanted
      return { sessionId: this.#id, sessionEpoch: firstEpoch, topics: all, forgotten: [] }
    }
    const topics: SessionItem[] = []
    for (const [key, item] of wanted) {
      const told = this.#told.get(key)
      if (told && told.topicId !== item.topicId) {
        this.#begin(this.#id)
        return this.request(wanted)
      }
      if (!told || isOther(item, told)) topics.push(item)
    }
    const forgotten = [...this.#told].flatMap(([key, item]) => (wanted.has(key) ? [] : [item]))
    this.#told = wanted
    return { sessionId: this.#id, sessionEpoch: this.#epoch, topics, forgotten }
  }

  /** @param sessionId as the broker gave it: 0 where it keeps none. */
  answered(sessionId: number): void {
    if (sessionId === noSession) this.#begin(noSession)
    else if (this.isOpen && sessionId === this.#id) this.#epoch = this.#epoch === lastEpoch ? firstEpoch + 1 : this.#epoch + 1
    else {
      this.#id = sessionId
      this.#epoch = firstEpoch + 1
    }
  }

  /** Nobody knows what the broker has heard. Whether asking again in full is all that it takes. */
  failed(errorCode: number = ErrorCode.UNKNOWN_SERVER_ERROR): boolean {
    const isMended = this.isOpen && broken.has(errorCode)
    this.#begin(errorCode === ErrorCode.FETCH_SESSION_ID_NOT_FOUND ? noSession : this.#id)
    return isMended
  }

  /** The last request: the broker may have the room for others. */
  ending(): Pick<SessionRequest, 'sessionId' | 'sessionEpoch'> {
    return { sessionId: this.#id, sessionEpoch: noEpoch }
  }

  /** The broker remembers what it was told. */
  get isOpen(): boolean {
    return this.#epoch > firstEpoch
  }

  /** The next one in full replaces the one that may still be there. */
  #begin(replaced: number): void {
    this.#id = replaced
    this.#epoch = firstEpoch
    this.#told = new Map()
  }
}

function isOther(one: SessionItem, than: SessionItem): boolean {
  return (
    one.fetchOffset !== than.fetchOffset ||
    one.currentLeaderEpoch !== than.currentLeaderEpoch ||
    one.partitionMaxBytes !== than.partitionMaxBytes
  )
}
