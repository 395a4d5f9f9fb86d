/** prom-client's registry by itself: the package's front door loads its push gateway and collectors too, fifteen times the start-up work. */
declare module 'prom-client/lib/registry.js' {
  import { Registry } from 'prom-client'
  export { Registry as default }
}
