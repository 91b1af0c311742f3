import { type Dialect, type Flags, knownFlags, parseGoBoolean } from '@sallyport/policy';
import { type Command, InvalidArgumentError, Option } from 'commander';

/** What `--dialect` and `--flag` leave behind. */
export interface DialectOptions {
  readonly dialect: Pick<Dialect, 'name' | 'release'>;
  readonly flag: Flags;
}

/** Adds `--dialect` and `--flag`, the same for every command that reads manifests. */
export function addDialectOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--dialect <DIALECT>', 'strict: what is enforced here; upstream, upstream@1.31: what Istio does')
        .argParser(parseDialect)
        .default({ name: 'strict' }, 'strict'),
    )
    .addOption(
      new Option('--flag <NAME=VALUE>', 'a feature flag of the control plane, such as PILOT_ENABLE_...; may be repeated')
        .argParser(collectFlag)
        .default({}, 'none'),
    );
}

/** The dialect that the options name, with its flags. */
export function readDialect(options: DialectOptions): Dialect {
  return { ...options.dialect, flags: options.flag };
}

function parseDialect(text: string): DialectOptions['dialect'] {
  const [name, release, ...rest] = text.split('@');
  if (rest.length === 0 && name === 'strict' && release === undefined) return { name };
  if (rest.length === 0 && name === 'upstream' && release === undefined) return { name };
  if (rest.length === 0 && name === 'upstream' && release !== undefined && isRelease(release)) return { name, release };
  throw new InvalidArgumentError('it is strict, upstream, or upstream@ with a release such as 1.31.');
}

function isRelease(text: string): boolean {
  return /^\d{1,3}\.\d{1,3}(\.\d{1,3})?$/.test(text);
}

function collectFlag(text: string, flags: Flags): Flags {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('write it as NAME=VALUE.');
  const name = text.slice(0, equals);
  const value = text.slice(equals + 1);
  if (!isKnown(name))
    process.stderr.write(`sallyport: nothing here depends on the flag \`${name}\`, only on ${knownFlags.join(', ')}\n`);
  else if (parseGoBoolean(value) === undefined) throw new InvalidArgumentError(`\`${value}\` is neither true nor false.`);
  return { ...flags, [name]: value };
}

function isKnown(name: string): boolean {
  return (knownFlags as readonly string[]).includes(name);
}
