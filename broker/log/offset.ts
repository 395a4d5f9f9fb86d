/** A record's place in its partition: int64 on the wire and on disk, a safe integer here. */
export type Offset = number
