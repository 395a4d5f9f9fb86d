/** Where streams are, and what is spoken there. */
export const streamPath = '/v1/stream'
export const subprotocols = { msgpack: 'stele.v1.msgpack', json: 'stele.v1.json' } as const
