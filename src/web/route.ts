import { signal } from '@preact/signals';

/** Where the reader is: the path, and what he filters by. */
export const place = signal(here());

function here(): URL {
  return new URL(location.href);
}

/** Goes there; `replace` leaves no step to go back to. */
export function go(to: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') history.pushState(null, '', to);
  else history.replaceState(null, '', to);
  place.value = here();
  if (how === 'push') scrollTo(0, 0);
}

/** From now on links within the dashboard do not load it anew; `external` ones are the server's own. */
export function followLinks(): void {
  addEventListener('popstate', () => {
    place.value = here();
  });
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    const plain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey);
    if (link === null || !plain || link.origin !== location.origin || link.download !== '') return;
    if (link.relList.contains('external')) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}

/** For a field by which a view is filtered: what it says becomes part of the address. */
export function filterBy(name: string): (event: Event) => void {
  return ({ currentTarget }) => {
    if (!(currentTarget instanceof HTMLInputElement || currentTarget instanceof HTMLSelectElement))
      return;
    const to = new URL(place.peek());
    if (currentTarget.value === '') to.searchParams.delete(name);
    else to.searchParams.set(name, currentTarget.value);
    go(to.pathname + to.search, 'replace');
  };
}
