// What the served script gives a page: two names.

import { AzuSpark } from './azu.js';
import { Spark } from './spark.js';

Object.assign(globalThis, { Spark, AzuSpark });
