/**
 * Why a stream ends, by WebSocket close code (RFC 6455; 4000 and up are ours). The reason beside it says which bound, in words.
 */
export const CloseCode = {
  /** The peer is done. */
  NORMAL: 1000,
  /** The broker stops: connect again, here or elsewhere. */
  GOING_AWAY: 1001,
  /** A text frame in MessagePack, or a binary one in JSON. */
  UNSUPPORTED_DATA: 1003,
  /** A frame larger than `stele.stream.frame.bytes.max`. */
  FRAME_TOO_LARGE: 1009,
  /** A mistake of the broker's own. */
  INTERNAL_ERROR: 1011,
  /** Bytes or fields that make no message, or one that has no place now. */
  BAD_MESSAGE: 4000,
  /** No hello, or no decision about its token, within `stele.stream.hello.ms`. */
  HELLO_TIMEOUT: 4001,
  /** The token was refused. */
  UNAUTHORIZED: 4003,
  /** Nothing was heard for `stele.stream.idle.ms`. */
  IDLE: 4008,
  /** `stele.stream.connections.max` are open. */
  TOO_MANY_CONNECTIONS: 4010,
  TOO_MANY_SUBSCRIPTIONS: 4011,
  TOO_MANY_PARTITIONS: 4012,
  /** More requests (publish, commit, topics, identify) unanswered than `stele.stream.requests.max`. */
  TOO_MANY_REQUESTS: 4013,
  /** More than five publishes of one producer to a partition unanswered: the log could not tell duplicates among them. */
  TOO_MANY_PUBLISHES: 4014,
  /** Credit beyond 2^40. */
  TOO_MUCH_CREDIT: 4015,
} as const

export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode]
