import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { child, children, readXml, textOf } from '../../src/hypervisor/xml.ts'

describe('the XML of libvirt', () => {
  test('elements, attributes, text', () => {
    const root = readXml(
      `<?xml version="1.0"?>\n<!-- made by libvirt -->\n<a x='1' y = "2>'"><b/><b z=''> t&#116;&#x1F600;\n</b><c:d>one<b/>two</c:d ></a>\n`,
    )
    assert.equal(root.name, 'a')
    assert.deepEqual(
      [...root.attributes],
      [
        ['x', '1'],
        ['y', "2>'"],
      ],
    )
    assert.deepEqual(children(root, 'b').map(textOf), ['', 'tt\u{1f600}'])
    assert.equal(child(root, 'b')?.text, '')
    assert.equal(child(root, 'c:d')?.text, 'onetwo')
    assert.equal(child(root, 'c:d/b')?.name, 'b')
    assert.equal(child(root, 'x/y'), undefined)
    assert.equal(textOf(undefined), '')
  })

  test('entities and CDATA', () => {
    const root = readXml(
      `<n a='&lt;&apos;&quot;'>o&apos;brien &amp; &lt;co&gt; &amp;amp; <![CDATA[<&]]>]]</n>`,
    )
    assert.equal(root.attributes.get('a'), `<'"`)
    assert.equal(root.text, "o'brien & <co> &amp; <&]]")
  })

  test('names that objects would trip over', () => {
    const root = readXml('<__proto__ constructor="x"><toString/></__proto__>')
    assert.equal(root.attributes.get('constructor'), 'x')
    assert.equal(root.attributes.get('toString'), undefined)
    assert.equal(child(root, 'toString')?.name, 'toString')
  })

  const refused = [
    '',
    'text',
    '<a>',
    '<a></b>',
    '</a>',
    '<a/><b/>',
    '<a/>text',
    '<a x=1/>',
    '<a x="1" x="2"/>',
    '<a x="<"/>',
    '<a>&nbsp;</a>',
    '<a>& b</a>',
    '<a>&#0;</a>',
    '<a>&#x110000;</a>',
    '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    '<a',
    '<a><!-- </a>',
    '<a>'.repeat(200) + '</a>'.repeat(200),
  ]
  for (const source of refused)
    test(`refuses ${source.slice(0, 40)}`, () => {
      assert.throws(() => readXml(source))
    })

  test('takes time in proportion to the length', () => {
    const attributes = Array.from({ length: 20_000 }, (_, index) => ` a${index}="${index}"`).join('')
    assert.equal(readXml(`<a${attributes}/>`).attributes.size, 20_000)
    assert.throws(() => readXml(`<a${' '.repeat(50_000)}`))
    assert.throws(() => readXml(`<a${attributes}`))
  })
})
