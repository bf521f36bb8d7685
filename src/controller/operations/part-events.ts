import type { Report } from '../../operations/report.ts';
import type { NewEvent, OperationRow } from '../../store/rows.ts';

/** What of the VMs has changed, for who listens. */
export function partEvents(row: OperationRow, report: Report, at: number): readonly NewEvent[] {
  const before = new Map((row.report?.parts ?? []).map((part) => [part.uuid, part.state]));
  return report.parts
    .filter(({ uuid, state }) => before.get(uuid) !== state)
    .map(({ uuid, vm, state, to, why }) => ({
      at,
      type: 'operation.part',
      subject: row.id,
      data: { uuid, vm, state, to, why },
    }));
}
