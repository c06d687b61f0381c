/** Which lines a node prints, and how: what is set by LOG and LOG_LEVEL. */

export type LogFormat = 'text' | 'json';
export type LogLevel = 'error' | 'warn' | 'info';

export interface LogSettings {
  readonly format: LogFormat;
  /** The least weighty lines that are printed. */
  readonly level: LogLevel;
  /** What is wrong with the two settings, in words. */
  readonly mistakes: readonly string[];
}

const WEIGHTS: Readonly<Record<LogLevel, number>> = { info: 0, warn: 1, error: 2 };
/** The events that are more than news; all others are of the level info. */
const LEVELS: Readonly<Record<string, LogLevel>> = {
  // The program that starts a node waits for this line.
  listening: 'error',
  // The node cannot do its own work, or can again.
  'not saved': 'error',
  'saved again': 'error',
  'not made smaller': 'error',
  'not read': 'error',
  'not answered': 'error',
  'not served': 'error',
  // Something is wrong with a setting, a file, a clock or another node.
  warning: 'warn',
  mended: 'warn',
  kept: 'warn',
  'put aside': 'warn',
  'written back': 'warn',
  waiting: 'warn',
  clocks: 'warn',
  conflict: 'warn',
  refused: 'warn',
  'turned away': 'warn',
  closed: 'warn',
  'bad connection': 'warn',
  'left behind': 'warn',
  'caught up': 'warn',
  'not reconciled': 'warn',
  'not synchronised': 'warn',
};

/** A value that is none of those there are is told, and has no effect. */
export function readLogSettings({
  LOG: format = 'text',
  LOG_LEVEL: level = 'info',
}: Readonly<Record<string, string | undefined>>): LogSettings {
  const isFormat = format === 'text' || format === 'json';
  const isLevel = Object.hasOwn(WEIGHTS, level);
  const mistakes = [
    ...(isFormat ? [] : [`LOG=${format} is neither text nor json: lines are text`]),
    ...(isLevel
      ? []
      : [`LOG_LEVEL=${level} is none of info, warn and error: all lines are printed`]),
  ];
  return {
    format: isFormat ? format : 'text',
    level: isLevel ? (level as LogLevel) : 'info',
    mistakes,
  };
}

/** Whether lines of an event are printed where those below a level are not. */
export function isPrinted(event: string, level: LogLevel): boolean {
  return WEIGHTS[LEVELS[event] ?? 'info'] >= WEIGHTS[level];
}
