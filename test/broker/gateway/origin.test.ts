import t from 'tap'
import { isAllowedOrigin } from '../../../broker/gateway/origin.ts'

t.test('pages of this port, of listed origins, and programs that are no browser', (t) => {
  const cases: [origin: string | undefined, host: string | undefined, listed: string[], isAllowed: boolean][] = [
    [undefined, '127.0.0.1:9644', [], true],
    ['http://127.0.0.1:9644', '127.0.0.1:9644', [], true],
    ['http://localhost:9644', 'localhost:9644', [], true],
    ['http://[::1]:9644', '[::1]:9644', [], true],
    ['https://10.0.0.7', '10.0.0.7', [], true],
    ['http://127.0.0.1:8080', '127.0.0.1:9644', [], false],
    ['http://localhost:9644', '127.0.0.1:9644', [], false],
    ['http://localhost:9644', undefined, [], false],
    ['null', '127.0.0.1:9644', ['http://null'], false],
    ['http://evil.example:9644', 'evil.example:9644', [], false],
    ['http://127.0.0.1.evil.example:9644', '127.0.0.1.evil.example:9644', [], false],
    ['https://console.example', 'broker.example:9644', ['https://console.example'], true],
    ['https://console.example:444', 'broker.example:9644', ['https://console.example'], false],
    ['http://anywhere.example', 'broker.example', ['*'], true],
  ]
  for (const [origin, host, listed, isAllowed] of cases) t.equal(isAllowedOrigin(origin, host, listed), isAllowed, `${origin} at ${host}`)
  t.end()
})
