/** The schema of a database as text, from its catalogue: the same on every release of PostgreSQL from 15 on. */
import type { Sql } from "../services/ports.ts";

/** Lists tables with columns, constraints and indexes, then functions, triggers and views, without those of extensions. */
export async function dumpSchema(sql: Sql): Promise<string> {
  const lines = await sql<{ line: string }[]>`
    with tables as (
      select oid, relname as name
      from pg_class
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
    ),
    lines as (
      select 0 as part, '' as name, 0 as rank, 0 as place, 'extension ' || extname as line
      from pg_extension
      where extname <> 'plpgsql'
      union all
      select 1, name, 0, 0, 'table ' || name
      from tables
      union all
      select 1, name, 1, attnum, '  ' || attname || ' ' || format_type(atttypid, atttypmod)
        || case when attnotnull then ' not null' else '' end
        || case attgenerated when 's' then ' generated as ' || pg_get_expr(adbin, adrelid) || ' stored'
          else coalesce(' default ' || pg_get_expr(adbin, adrelid), '') end
      from tables
      join pg_attribute on attrelid = tables.oid and attnum > 0 and not attisdropped
      left join pg_attrdef on adrelid = attrelid and adnum = attnum
      union all
      -- From release 18 on, not null is a constraint too; the columns tell it already.
      select 1, name, 2, 0, '  constraint ' || conname || ' ' || pg_get_constraintdef(pg_constraint.oid)
      from tables
      join pg_constraint on conrelid = tables.oid and contype not in ('n', 't')
      union all
      select 1, name, 3, 0, '  ' || pg_get_indexdef(indexrelid)
      from tables
      join pg_index on indrelid = tables.oid
      where not exists (select from pg_constraint where conindid = indexrelid and contype in ('p', 'u', 'x'))
      union all
      select 1, name, 4, 0, '  ' || pg_get_triggerdef(pg_trigger.oid)
      from tables
      join pg_trigger on tgrelid = tables.oid and not tgisinternal
      union all
      select 2, proname, 0, 0, pg_get_functiondef(pg_proc.oid)
      from pg_proc
      where pronamespace = 'public'::regnamespace
        and not exists (select from pg_depend where objid = pg_proc.oid and deptype = 'e')
      union all
      select 3, relname, 0, 0, 'view ' || relname || ' as' || pg_get_viewdef(oid)
      from pg_class
      where relnamespace = 'public'::regnamespace and relkind in ('v', 'm')
        and not exists (select from pg_depend where objid = pg_class.oid and deptype = 'e')
    )
    select line
    from lines
    order by part, name collate "C", rank, place, line collate "C"`;
  return lines.map(({ line }) => line.trimEnd()).join("\n") + "\n";
}
