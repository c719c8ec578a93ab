// What the served script gives a page: two names, and, if its element has `data-spark-url`, a connection by the name of `spark`.

import { AzuSpark } from './azu.js';
import { Spark } from './spark.js';

Object.assign(globalThis, { Spark, AzuSpark });

const url = document.currentScript?.dataset.sparkUrl;
if (url !== undefined) Object.assign(globalThis, { spark: Spark.connect(url || undefined) });
