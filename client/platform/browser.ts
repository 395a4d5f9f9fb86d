/** The client's world where there is a global WebSocket: browsers, workers, and Node. */
import type { StreamPlatform, StreamSocket, StreamSocketHandler } from './stream-socket.ts'

const normalClosure = 1000

function connect(url: string, subprotocol: string, handler: StreamSocketHandler): StreamSocket {
  const socket = new WebSocket(url, subprotocol)
  socket.binaryType = 'arraybuffer'
  socket.addEventListener('open', () => handler.opened())
  socket.addEventListener('message', ({ data }) => handler.message(new Uint8Array(data as ArrayBuffer)))
  socket.addEventListener('close', ({ code, reason }) => handler.closed(code, reason))
  return { send: (message) => socket.send(message), close: () => socket.close(normalClosure) }
}

export const browserPlatform: StreamPlatform = {
  connect,
  now: () => Date.now(),
  after(delay, wake) {
    const timer = setTimeout(wake, delay)
    return () => clearTimeout(timer)
  },
  fraction: () => Math.random(),
}
