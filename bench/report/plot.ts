/**
 * Line plots as SVG. Pure.
 * One kind is enough: numbers over numbers, a line for each target, an axis that begins at zero or goes by powers of ten.
 */

export interface Line {
  readonly label: string
  /** By x. */
  readonly points: readonly (readonly [x: number, y: number])[]
}

export interface Plot {
  readonly title: string
  readonly xTitle: string
  readonly yTitle: string
  readonly lines: readonly Line[]
  /** How a value on the x axis is placed and written; itself if left out. */
  readonly x?: { readonly place: (x: number) => number; readonly ticks: readonly (readonly [x: number, text: string])[] }
  readonly isLogarithmic?: boolean
}

const width = 560
const height = 260
const margin = { left: 64, right: 16, top: 28, bottom: 40 }
/** A text in the middle of its place needs half of this on either side. */
const roomForText = 50
/** Told apart by people who see few colours, too. */
const dashes = ['', '6 4', '2 3', '9 3 2 3']

export function plotSvg({ title, xTitle, yTitle, lines, x, isLogarithmic = false }: Plot): string {
  const placeX = x?.place ?? ((value: number) => value)
  const points = lines.flatMap((line) => line.points)
  const positive = points.map(([, y]) => y).filter((y) => y > 0)
  const smallest = positive.length === 0 ? 1 : Math.min(...positive)
  const yTicks = isLogarithmic ? decades(smallest, Math.max(1, ...positive)) : steps(Math.max(0, ...points.map(([, y]) => y)))
  const placeY = isLogarithmic ? (value: number) => Math.log10(Math.max(value, yTicks[0] as number)) : (value: number) => value
  const farthest = Math.max(0, ...points.map(([at]) => at))
  const xTicks = x?.ticks ?? withinRange(farthest).map((at) => [at, shortText(at)] as const)
  const placesX = [...xTicks, [farthest] as const].map(([at]) => placeX(at))
  const rangeX = [Math.min(...placesX), Math.max(...placesX)] as const
  const rangeY = [placeY(yTicks[0] as number), placeY(yTicks.at(-1) as number)] as const
  const toX = (value: number) => scaled(placeX(value), rangeX, margin.left, width - margin.right)
  const toY = (value: number) => scaled(placeY(value), rangeY, height - margin.bottom, margin.top)
  return [
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">`,
    `<text class="title" x="${margin.left}" y="16">${escaped(title)}</text>`,
    ...yTicks.map((value) => {
      const at = toY(value)
      return `<line class="grid" x1="${margin.left}" x2="${width - margin.right}" y1="${at}" y2="${at}"/><text class="y" x="${margin.left - 6}" y="${at + 4}">${shortText(value)}</text>`
    }),
    ...xTicks.map(
      ([value, text]) =>
        `<text class="x${toX(value) > width - roomForText ? ' last' : ''}" x="${toX(value)}" y="${height - margin.bottom + 16}">${escaped(text)}</text>`,
    ),
    `<text class="x" x="${(margin.left + width - margin.right) / 2}" y="${height - 6}">${escaped(xTitle)}</text>`,
    `<text class="yTitle" transform="translate(14 ${height / 2}) rotate(-90)">${escaped(yTitle)}</text>`,
    ...lines.map(({ label, points }, index) => {
      const path = points.map(([px, py]) => `${toX(px)},${toY(py)}`).join(' ')
      return `<polyline class="line l${index % dashes.length}" stroke-dasharray="${dashes[index % dashes.length]}" points="${path}"><title>${escaped(label)}</title></polyline>`
    }),
    '</svg>',
  ].join('\n')
}

function scaled(value: number, [from, to]: readonly [number, number], first: number, last: number): number {
  const share = to === from ? 0 : (value - from) / (to - from)
  return Math.round((first + Math.min(1, Math.max(0, share)) * (last - first)) * 10) / 10
}

function withinRange(most: number): number[] {
  return steps(most).filter((value) => value <= most)
}

/** From 0 to at least `most`, in four to eight round steps. */
function steps(most: number): number[] {
  const rough = (most || 1) / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) as number
  return Array.from({ length: Math.ceil((most || 1) / step) + 1 }, (_, nth) => nth * step)
}

function decades(least: number, most: number): number[] {
  const first = Math.floor(Math.log10(least))
  const last = Math.max(first + 1, Math.ceil(Math.log10(most)))
  return Array.from({ length: last - first + 1 }, (_, nth) => 10 ** (first + nth))
}

function shortText(value: number): string {
  const short = (scale: number, letter: string) => `${Number((value / scale).toPrecision(3))}${letter}`
  if (value >= 1e9) return short(1e9, 'G')
  if (value >= 1e6) return short(1e6, 'M')
  return value >= 1e3 ? short(1e3, 'k') : short(1, '')
}

export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
