import { Option } from 'commander';
import { importances, reasons } from '../policy/vocabulary.ts';

/** Options that several commands take, each described once. */
export const fields = {
  importance: () =>
    new Option(
      '--importance <level>',
      'how much it matters that the VM arrives; by default what the reason implies',
    ).choices(importances),
  reason: () => new Option('--reason <reason>', 'why the VM is moved').choices(reasons),
  config: () =>
    new Option('--config <file>', 'the config file with the hosts and what their admins allow').env(
      'DROVER_CONFIG',
    ),
};
