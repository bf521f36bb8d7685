const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&apos;',
  '"': '&quot;',
};

/** A text as it may stand between tags and in attributes. */
export function escapeXml(text: string): string {
  return text.replaceAll(/[&<>'"]/g, (character) => entities[character] ?? character);
}
