/** Who watches a client: a logger and counters, both brought by whoever has some. Silent by default. Never: decides anything. */

/** As pino has it. */
export interface ClientLogger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** What is counted; each is called as it happens, and must not throw. Brokers are `host:port`. */
export interface ClientMetrics {
  connection?(broker: string, event: 'opened' | 'failed' | 'closed'): void
  /** @param api `Produce`, `Fetch`. @param error the ClientError's code, where no answer could be had. */
  request?(api: string, broker: string, latencyMs: number, error: string | undefined): void
  sent?(broker: string, bytes: number): void
  received?(broker: string, bytes: number): void
  /** Something is tried again because of this error. */
  retry?(error: string): void
}

export const silentLogger: ClientLogger = { debug() {}, info() {}, warn() {}, error() {} }
