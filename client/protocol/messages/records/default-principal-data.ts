/** Data DefaultPrincipalData. */
import { bool, message, type Of, string } from '../../schema.ts'

export const DefaultPrincipalData = message({
  name: 'DefaultPrincipalData',
  type: 'data',
  versions: '0',
  flexible: '0+',
  fields: {
    type: string('0+'),
    name: string('0+'),
    tokenAuthenticated: bool('0+'),
  },
})
export type DefaultPrincipalData = Of<typeof DefaultPrincipalData>
