'use strict';
// Tables: the name of a column sorts by it, a second time the other way round.
function sortKey(text) {
  const plain = text.trim().replace('\u2212', '-').replace('\u221e', 'Infinity').replace(/ %$/, '');
  if (plain === '' || plain === '-' || plain === '\u2013') return {absent: true};
  if (plain === '0\u207b') return {number: -Number.MIN_VALUE};
  if (plain === '0\u207a') return {number: Number.MIN_VALUE};
  const number = Number(plain);
  return Number.isNaN(number) ? {text: text.trim()} : {number};
}
function compareKeys(a, b, sign) {
  if (a.absent || b.absent) return (a.absent ? 1 : 0) - (b.absent ? 1 : 0);
  if (a.number !== undefined && b.number !== undefined) return sign * (a.number < b.number ? -1 : a.number > b.number ? 1 : 0);
  return sign * String(a.text ?? a.number).localeCompare(String(b.text ?? b.number));
}
for (const table of document.querySelectorAll('table.sortable')) {
  const names = [...table.tHead.rows[0].cells], body = table.tBodies[0];
  names.forEach((name, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...name.childNodes);
    name.append(button);
    button.addEventListener('click', () => {
      const sign = name.getAttribute('aria-sort') === 'ascending' ? -1 : 1;
      names.forEach(other => other.removeAttribute('aria-sort'));
      name.setAttribute('aria-sort', sign > 0 ? 'ascending' : 'descending');
      const rows = [...body.rows].map(row => ({row, key: sortKey(row.cells[column] ? row.cells[column].textContent : '')}));
      rows.sort((a, b) => compareKeys(a.key, b.key, sign));
      body.replaceChildren(...rows.map(entry => entry.row));
    });
  });
}
