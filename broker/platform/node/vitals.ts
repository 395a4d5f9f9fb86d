/** What this process uses. */
import type { Vitals } from '../vitals.ts'

export const nodeVitals: Vitals = {
  cpuSeconds() {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  },
  residentBytes: () => process.memoryUsage.rss(),
  heapBytes: () => process.memoryUsage().heapUsed,
  startedAtSeconds: () => Date.now() / 1000 - process.uptime(),
}
