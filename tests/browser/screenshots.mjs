// node screenshots.mjs FOLDER: a picture of every page and state, on a phone and a desktop, light and dark, as
// STATE-SIZE-SCHEME.png. No test: for eyes. Takes STACK as the tests do; further arguments choose states by name.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { states } from './states.mjs';
import { hasStack, launch, sizes, visit } from './support.mjs';

const [folder, ...wanted] = process.argv.slice(2);
if (!hasStack || !folder) {
  console.log('usage: STACK=NAME node screenshots.mjs FOLDER [STATE...]');
  process.exit(hasStack ? 2 : 0);
}
mkdirSync(folder, { recursive: true });

const browser = await launch();
for (const [name, arrive] of Object.entries(states)) {
  if (wanted.length > 0 && !wanted.includes(name)) {
    continue;
  }
  for (const [size, viewport] of Object.entries(sizes)) {
    await visit(browser, { viewport, isMobile: size === 'phone', deviceScaleFactor: size === 'phone' ? 2 : 1 }, async (page, context) => {
      await arrive(page, context);
      for (const scheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
        await page.screenshot({ path: join(folder, `${name}-${size}-${scheme}.png`), fullPage: true });
      }
    });
  }
}
await browser.close();
