import { databaseSuite } from '../suites/database.ts'
import { forEachDatabase } from '../support/databases.ts'

forEachDatabase(databaseSuite)
