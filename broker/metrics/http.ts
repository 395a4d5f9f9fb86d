/**
 * What a broker tells over HTTP: /metrics for Prometheus, /healthz whether it lives, /readyz whether it serves.
 * Never: changes anything, or holds up the broker: a scrape only reads counters.
 */
import type { Http, HttpAnswer, HttpListener, HttpRequest } from '../platform/http.ts'
import type { Address } from '../platform/network.ts'
import type { WebSocketService } from '../platform/web-socket.ts'
import { expositionContentType, type MetricRegistry } from './registry.ts'

export interface Health {
  /** Why it must be restarted; `undefined` while it lives. */
  broken(): string | undefined
  /** Why it does not serve now (starting, closing); `undefined` while it does. */
  notReady(): string | undefined
}

export interface MonitorOptions {
  http: Http
  address: Address
  registry: MetricRegistry
  health: Health
  /** What is shown at other paths. */
  page?: (path: string) => Promise<HttpAnswer | undefined>
  /** Who serves WebSockets; asked for when one comes. */
  streams?: () => Promise<WebSocketService>
}

export function serveMonitor({ http, address, registry, health, page, streams }: MonitorOptions): Promise<HttpListener> {
  const answer = ({ path }: HttpRequest) => {
    switch (path) {
      case '/metrics':
        return metrics(registry)
      case '/healthz':
        return verdict(health.broken())
      case '/readyz':
        return verdict(health.broken() ?? health.notReady())
      default:
        return elsewhere(path, page)
    }
  }
  return http.listen(address, answer, streams)
}

async function elsewhere(path: string, page: MonitorOptions['page']): Promise<HttpAnswer> {
  const shown = await page?.(path)
  if (shown) return shown
  return path === '/' ? plain(200, 'Stele: /metrics /healthz /readyz\n') : plain(404, 'there is /metrics, /healthz and /readyz\n')
}

async function metrics(registry: MetricRegistry): Promise<HttpAnswer> {
  return { status: 200, contentType: expositionContentType, body: await registry.exposition() }
}

function verdict(wrong: string | undefined): HttpAnswer {
  return wrong === undefined ? plain(200, 'ok\n') : plain(503, `${wrong}\n`)
}

function plain(status: number, body: string): HttpAnswer {
  return { status, contentType: 'text/plain; charset=utf-8', body }
}
