/**
 * The subprotocol stele.v1.msgpack: each frame one message, a MessagePack map. Integers may come in any form; what passes 32 bits is written as a
 * float64, exact up to 2^53.
 */
import { Packr } from 'msgpackr/pack'
import { BadMessage } from './shape.ts'

const packr = new Packr({ useRecords: false, mapsAsObjects: true, int64AsType: 'number' })

/** A copy of its own: the packer goes on in the memory behind it. */
export function encodeMsgpack(message: object): Uint8Array {
  return new Uint8Array(packr.pack(message))
}

/** Byte fields are views of `frame`. Throws BadMessage. */
export function decodeMsgpack(frame: Uint8Array): unknown {
  try {
    return packr.unpack(frame)
  } catch (cause) {
    throw new BadMessage('the frame is no MessagePack value', { cause })
  }
}
