import { expect, test } from 'vitest';
import type { Tags } from '../client/client.ts';
import { tagsDocument, tagsText } from './tags-view.ts';

const silent: Tags = {
  domain: { name: 'web', uuid: 'u-1' },
  class: 'pet',
  classOrigin: { from: 'default' },
  excluded: [],
  labels: [],
  unreadable: [],
};

const outspoken: Tags = {
  domain: { name: 'db-1', uuid: 'u-2' },
  class: 'panda',
  classOrigin: { from: 'rule', rule: 'db-*' },
  excluded: [
    { what: 'post-copy', from: 'metadata' },
    { what: 'throttle', from: 'rule', rule: 'label realtime' },
  ],
  labels: ['realtime', 'eu'],
  unreadable: ['nobody knows what nevr means'],
};

test('what is said of a VM is told with who says it', () => {
  expect(tagsText(tagsDocument(silent, 'h1'))).toBe('web  pet  (what a VM is that says nothing)\n');
  expect(tagsText(tagsDocument(outspoken, 'h1'))).toBe(
    [
      "db-1  panda  (from the config file's rule for db-*)",
      '  never post-copy  (set on the VM itself)',
      "  never throttle  (from the config file's rule for label realtime)",
      '  labels realtime, eu',
      '  in its metadata, nobody knows what nevr means',
      '',
    ].join('\n'),
  );
});

test('the document has every field, whoever says it', () => {
  expect(tagsDocument(outspoken, 'h1')).toEqual({
    vm: 'db-1',
    uuid: 'u-2',
    host: 'h1',
    class: 'panda',
    from: 'rule',
    rule: 'db-*',
    never: [
      { what: 'post-copy', from: 'metadata', rule: null },
      { what: 'throttle', from: 'rule', rule: 'label realtime' },
    ],
    labels: ['realtime', 'eu'],
    unreadable: ['nobody knows what nevr means'],
  });
  const quiet = tagsDocument(silent, 'h1');
  expect(quiet).toMatchObject({ from: 'default', rule: null, never: [], labels: [] });
});
