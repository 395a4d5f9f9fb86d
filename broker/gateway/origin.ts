/**
 * Which web pages may open streams: those that came from the same place, and those of the origins that the setting lists.
 * A browser sends a page's origin along and lets any page try; whoever sends none is no browser, and this says nothing about it.
 */
export function isAllowedOrigin(origin: string | undefined, host: string | undefined, allowed: readonly string[]): boolean {
  if (origin === undefined || allowed.includes('*') || allowed.includes(origin)) return true
  try {
    return host !== undefined && new URL(origin).host === new URL(`http://${host}`).host
  } catch {
    return false
  }
}
