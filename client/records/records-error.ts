/**
 * What can be wrong with records, as one error type. Reading and converting throw it; validate.ts turns it into an answer.
 * Where Apache Kafka lets a Java runtime exception escape (an unknown codec, bytes that do not decompress) its answer is
 * UNKNOWN_SERVER_ERROR; here the code names the fault. Both tell a producer that trying again is no use.
 */
import { ErrorCode } from '../protocol/errors.ts'

const errorCodes = {
  /** A checksum that does not match, a size that cannot be, a magic nobody knows. */
  corrupt: ErrorCode.CORRUPT_MESSAGE,
  /** The batch or a record contradicts itself or the rules of its topic. */
  invalid: ErrorCode.INVALID_RECORD,
  timestamp: ErrorCode.INVALID_TIMESTAMP,
  /** The compressed bytes are not what the codec writes. */
  undecodable: ErrorCode.INVALID_RECORD,
  /** Decompressed, the records pass the bound; nothing beyond it was allocated. */
  inflated: ErrorCode.MESSAGE_TOO_LARGE,
  tooLarge: ErrorCode.MESSAGE_TOO_LARGE,
  /** A codec that does not exist, is not allowed in this version, or is not installed here. */
  codec: ErrorCode.UNSUPPORTED_COMPRESSION_TYPE,
  /** Transactions or idempotence in a message format that has none. */
  format: ErrorCode.UNSUPPORTED_FOR_MESSAGE_FORMAT,
} as const

export type RecordsFault = keyof typeof errorCodes

export class RecordsError extends Error {
  override readonly name = 'RecordsError'
  readonly fault: RecordsFault
  /** Of bytes that do not decompress: what had come out when that showed, if it showed at the end. */
  readonly decoded: Buffer | undefined

  constructor(fault: RecordsFault, message: string, cause?: unknown, decoded?: Buffer) {
    super(message, cause === undefined ? undefined : { cause })
    this.fault = fault
    this.decoded = decoded
  }

  /** What a peer is told. */
  get code(): number {
    return errorCodes[this.fault]
  }
}
