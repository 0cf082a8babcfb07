/**
 * What the database keeps up to date by itself: the index tables of tags and properties, the substring index, and
 * the counters. They are indexes: nothing but these triggers writes them, so they cannot disagree with the images.
 */
export function imageTriggers(engine: 'sqlite' | 'postgres'): string[] {
  return engine === 'sqlite' ? sqliteTriggers : postgresTriggers
}

const count = (row: 'new' | 'old', sign: '' | '-') => `
  insert into image_counts (owner_id, visibility, status, hidden, images, bytes)
  values (coalesce(${row}.owner_id, 0), ${row}.visibility, ${row}.status, ${row}.hidden, ${sign}1, ${sign}coalesce(${row}.size, 0))
  on conflict (owner_id, visibility, status, hidden)
  do update set images = image_counts.images + excluded.images, bytes = image_counts.bytes + excluded.bytes;`

const addTags = `
  insert into image_tags (image_seq, tag, tag_fold)
  select new.seq, tag.value, folded.value
  from json_each(new.tags_json) as tag join json_each(new.tags_fold_json) as folded on folded.key = tag.key
  where true on conflict do nothing;`
const addProperties = `
  insert into image_properties (image_seq, name, value)
  select new.seq, key, value from json_each(new.properties_json) where true on conflict do nothing;`

const sqliteTriggers = [
  `create virtual table image_text using fts5 (search_text, content = 'images', content_rowid = 'seq',
    tokenize = 'trigram case_sensitive 1')`,
  `create trigger images_inserted after insert on images begin
    ${addTags} ${addProperties} ${count('new', '')}
    insert into image_text (rowid, search_text) values (new.seq, new.search_text);
  end`,
  `create trigger images_removed after delete on images begin
    ${count('old', '-')}
    insert into image_text (image_text, rowid, search_text) values ('delete', old.seq, old.search_text);
  end`,
  `create trigger images_counted after update of owner_id, visibility, status, hidden, size on images begin
    ${count('old', '-')} ${count('new', '')}
  end`,
  `create trigger images_retagged after update of tags_json on images when new.tags_json <> old.tags_json begin
    delete from image_tags where image_seq = new.seq; ${addTags}
  end`,
  `create trigger images_described after update of properties_json on images
    when new.properties_json <> old.properties_json begin
    delete from image_properties where image_seq = new.seq; ${addProperties}
  end`,
  `create trigger images_texted after update of search_text on images when new.search_text <> old.search_text begin
    insert into image_text (image_text, rowid, search_text) values ('delete', old.seq, old.search_text);
    insert into image_text (rowid, search_text) values (new.seq, new.search_text);
  end`,
]

const postgresTriggers = [
  'create index images_text on images using gin (search_text gin_trgm_ops)',
  `create function images_index() returns trigger language plpgsql as $$
  begin
    if tg_op = 'INSERT' or (tg_op = 'UPDATE' and new.tags_json <> old.tags_json) then
      delete from image_tags where image_seq = new.seq;
      insert into image_tags (image_seq, tag, tag_fold)
        select new.seq, tag.value, folded.value
        from json_array_elements_text(new.tags_json::json) with ordinality as tag (value, place)
        join json_array_elements_text(new.tags_fold_json::json) with ordinality as folded (value, place) using (place)
        on conflict do nothing;
    end if;
    if tg_op = 'INSERT' or (tg_op = 'UPDATE' and new.properties_json <> old.properties_json) then
      delete from image_properties where image_seq = new.seq;
      insert into image_properties (image_seq, name, value)
        select new.seq, key, value from json_each_text(new.properties_json::json) on conflict do nothing;
    end if;
    return null;
  end $$`,
  `create trigger images_indexed after insert or update of tags_json, properties_json on images
    for each row execute function images_index()`,
  // Two counters may change at once; taking them in key order keeps two transactions from waiting for each other.
  `create function images_count() returns trigger language plpgsql as $$
  begin
    insert into image_counts as c (owner_id, visibility, status, hidden, images, bytes)
    select owner_id, visibility, status, hidden, sum(images), sum(bytes) from (
      select coalesce(new.owner_id, 0) as owner_id, new.visibility, new.status, new.hidden, 1 as images,
        coalesce(new.size, 0) as bytes where tg_op <> 'DELETE'
      union all
      select coalesce(old.owner_id, 0), old.visibility, old.status, old.hidden, -1, -coalesce(old.size, 0)
        where tg_op <> 'INSERT') as change
    group by owner_id, visibility, status, hidden
    order by owner_id, visibility, status, hidden
    on conflict (owner_id, visibility, status, hidden)
    do update set images = c.images + excluded.images, bytes = c.bytes + excluded.bytes;
    return null;
  end $$`,
  `create trigger images_counted after insert or delete or update of owner_id, visibility, status, hidden, size on images
    for each row execute function images_count()`,
]
