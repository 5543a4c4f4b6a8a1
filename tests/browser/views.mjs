// Fills each view with content, for the tests and the screenshots.

/** @param view the open view: `try`, `live`, `trust` or `certificate` */
export async function fillView(page, view, inspected) {
  if (view === 'try') {
    await page.getByRole('button', { name: 'Call them' }).click();
    await page.getByLabel('id', { exact: true }).fill('1042');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.locator('.answer .steps').waitFor();
    await page.getByRole('button', { name: 'Call them again' }).waitFor();
  } else if (view === 'live') {
    await page.locator('.connection.connected').waitFor();
    inspected.emit(60);
    const rows = page.locator('.live-rows .live-row', { hasText: 'certificate_not_trusted' });
    await rows.first().waitFor();
    await rows.last().click();
    await page.locator('.details .steps').waitFor();
  } else if (view === 'trust') {
    await page.locator('.time-line .time-row').first().waitFor();
  } else {
    await page.getByLabel('Or paste it').fill(inspected.certificatePem);
    await page.getByRole('button', { name: 'Read', exact: true }).click();
    await page.locator('.read .steps').waitFor();
  }
}
