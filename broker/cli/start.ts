/** `stele start`: the flags of a broker. What it does with them is serve's. */
import { command, flag } from './command.ts'
import { stopSignal } from './stop-signal.ts'

export const start = command({
  name: 'start',
  about: 'Runs a broker.',
  details: [
    "Settings have Kafka's names, and a Kafka server.properties will do. They come from the file, then from the environment",
    "(STELE_LOG_RETENTION_HOURS is log.retention.hours), then from flags. The broker's log goes to standard error.",
    'SIGTERM and Ctrl-C end it cleanly, a second one at once: what was acknowledged is safe either way.',
  ].join('\n'),
  flags: {
    config: flag.text('FILE', 'A properties file with settings.', { short: 'c' }),
    listen: flag.text('HOST:PORT', 'Where Kafka clients connect, instead of what the file says; 127.0.0.1:9092 if nothing does.'),
    http: flag.text('HOST:PORT|off', 'Where /metrics, /healthz and /readyz are served; 127.0.0.1:9644 unless told otherwise.'),
    data: flag.text('DIR', 'The data directory, made if it is not there; ./data unless told otherwise.'),
    set: flag.list('NAME=VALUE', 'A setting; may be given several times.'),
  },
  operands: {},
  examples: ['stele start --data /var/lib/stele', 'stele start --config server.properties --set num.partitions=3'],
  async run(input, terminal) {
    const stop = stopSignal()
    const { serve } = await import('./serve.ts')
    return serve(input, terminal, stop)
  },
})
