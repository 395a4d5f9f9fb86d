import t from 'tap'
import { groupSegments } from '../../../../broker/log/compaction/segment-groups.ts'

const bounds = { segmentBytes: 100, segmentIndexBytes: 1024 * 1024, indexIntervalBytes: 4096 }

function groups(segments: readonly (readonly [base: number, end: number, bytes: number])[], changed = {}): number[][] {
  const sources = segments.map(([baseOffset, endOffset, bytes]) => ({ baseOffset, endOffset, bytes }))
  return groupSegments(sources, { ...bounds, ...changed }).map((group) => group.map(({ baseOffset }) => baseOffset))
}

t.test('neighbours are joined as far as one segment takes them', async (t) => {
  t.same(groups([]), [])
  t.same(
    groups([
      [0, 5, 40],
      [5, 9, 60],
      [9, 10, 1],
      [10, 20, 200],
      [20, 30, 0],
    ]),
    [[0, 5], [9], [10], [20]],
    'by size',
  )
  t.same(
    groups([
      [0, 1, 10],
      [1, 2 ** 31, 10],
      [2 ** 31, 2 ** 31 + 1, 10],
      [2 ** 31 + 1, 2 ** 31 + 2, 0],
    ]),
    [
      [0, 1],
      [2 ** 31, 2 ** 31 + 1],
    ],
    'by offsets',
  )
  t.same(
    groups(
      [
        [0, 1, 40],
        [1, 2, 10],
        [2, 3, 50],
      ],
      { segmentIndexBytes: 12 * 6, indexIntervalBytes: 10 },
    ),
    [[0, 1], [2]],
    'by their indexes',
  )
})
