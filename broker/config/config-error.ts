/** A setting that cannot be: one sentence that names it, says what is allowed and where it was set. The command ends with exit code 2. */
export class ConfigError extends Error {
  /** The setting's name. */
  readonly setting: string
  /** Where it was set: `server.properties:12`, `STELE_NUM_PARTITIONS`, `--set num.partitions`. */
  readonly where: string

  constructor(setting: string, where: string, message: string) {
    super(where === '' ? message : `${message} (set by ${where})`)
    this.name = 'ConfigError'
    this.setting = setting
    this.where = where
  }
}
