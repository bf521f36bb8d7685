import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Client, clientFor } from '../client/client.ts';
import { me } from '../controller/testing/stage.ts';
import { type AppStage, local, setAppStage } from '../server/testing/stage-app.ts';
import { FleetView } from './fleet-view.ts';
import { watchAll } from './run-watch.ts';

let site: AppStage;
let client: Client;
beforeEach(async () => {
  site = await setAppStage();
  const fetch = (request: Request): Response | Promise<Response> =>
    site.app.fetch(request, { peer: local });
  client = await clientFor({ kind: 'embedded', fetch });
});
afterEach(async () => {
  await client.close();
  await site.end();
});

it('says of what nobody steers any more that it is so and what to do, and goes on when it is taken up', async () => {
  const { stage } = site;
  stage.addGuest('vm', 'furious', 'panda');
  const first = stage.controller();
  await first.start();
  const { row } = await first.migrate({ vm: 'vm', from: 'h1', to: 'h2', importance: 'low' }, me);
  await stage.until(row.id, ({ progress }) => progress !== undefined);
  await stage.clock.run(first.stop());
  let text = '';
  const err = { isTTY: false, write: (piece: string) => (text += piece) };
  const io = { out: err, err, env: { NO_COLOR: '1' }, endWith: () => undefined };
  const end = new AbortController();
  const view = new FleetView(io, (id) => `take up ${id}`);
  const watching = watchAll(client, view, end.signal);
  await expect
    .poll(() => text)
    .toMatch(
      new RegExp(`nobody steers it any more \\(last seen copying at \\d+ %\\): take up ${row.id}`),
    );
  await stage.controller().start();
  await stage.ended(row.id);
  await stage.clock.run(stage.clock.sleep(2_000));
  await expect.poll(() => text).toMatch(/ steers it from here on\.\n(.*\n)*.*stayed/);
  end.abort();
  await watching;
});
