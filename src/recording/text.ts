import { DroverError } from '../errors/catalogue.ts';
import { encodeSamples } from './columns.ts';
import { type Recording, recordingSchema } from './recording.ts';

/** A recording as the text of its file. */
export function recordingText(recording: Recording): string {
  return `${JSON.stringify(recordingDocument(recording), null, 1)}\n`;
}

/** A recording as plain data: its telemetry in columns, what never ends as `never`. */
export function recordingDocument(recording: Recording): unknown {
  return plain({ ...recording, samples: encodeSamples(recording.samples) });
}

/** What JSON can say of a value; what never ends is the word `never`. */
export function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (field, inner: unknown) => plainValue(field, inner)));
}

/** JSON has no infinity, and would write what is no number as null: that is a defect of its writer. */
function plainValue(field: string, value: unknown): unknown {
  if (typeof value !== 'number' || Number.isFinite(value)) return value;
  if (value === Infinity) return 'never';
  throw new Error(`${field} is ${value}: this cannot be recorded`);
}

/** Reads one; throws `recording.invalid`, which names the file, the field and what is allowed. */
export function parseRecording(text: string, file: string): Recording {
  const parsed = recordingSchema.safeParse(jsonOf(text, file));
  if (parsed.success) return parsed.data;
  const messages = parsed.error.issues.map(({ path, message }) => {
    const field = path.map(String).join('.') || 'the file';
    return `${file}: ${field}: ${message}`;
  });
  throw new DroverError('recording.invalid', messages.join('\n'), {
    hint: 'A recording is written by `drover migrate`; this file was changed, or is of another version.',
  });
}

function jsonOf(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DroverError('recording.invalid', `${file} is no JSON`, { cause: error });
  }
}
