/**
 * Which web pages may open streams: those that came from this port by its address or as localhost, and those of the origins that the setting lists.
 * A browser sends a page's origin along and lets any page try; whoever sends none is no browser, and this says nothing about it.
 * A name proves nothing: whoever owns one can point it here after its page was loaded (DNS rebinding). So a broker that is known by a name lists it.
 */
export function isAllowedOrigin(origin: string | undefined, host: string | undefined, allowed: readonly string[]): boolean {
  if (origin === undefined || allowed.includes('*') || allowed.includes(origin)) return true
  try {
    const page = new URL(origin)
    return host !== undefined && isAddress(page.hostname) && page.host === new URL(`${page.protocol}//${host}`).host
  } catch {
    return false
  }
}

/** As URLs write them: IPv6 in brackets. */
function isAddress(name: string): boolean {
  return name === 'localhost' || name.startsWith('[') || /^\d{1,3}(\.\d{1,3}){3}$/.test(name)
}
