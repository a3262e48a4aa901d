/* open.js -- Chromium with a page of a file, and all that goes wrong on it: errors, what the policy
 * refused, requests that leave the machine. */
'use strict';
const path = require('path');

module.exports = async function open(build, options) {
  const { chromium } = require(path.resolve(build, 'browser', 'package'));
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'] });
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage(), wrong = [];
  page.on('pageerror', (error) => wrong.push('error: ' + error.stack));
  page.on('console', (message) => { if (message.type() !== 'log') wrong.push(message.type() + ': ' + message.text()); });
  page.on('request', (request) => { if (!/^(file|blob|data):/.test(request.url())) wrong.push('request: ' + request.url()); });
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI));
  });
  return { browser, page, wrong };
};
