// What the served script gives a page: two names, and, if its element has `data-spark-url`, a connection by the name of `spark`.

import { AzuSpark } from './azu.js';
import { connect } from './spark.js';

const url = document.currentScript?.dataset.sparkUrl;
Object.assign(self, { Spark: { connect }, AzuSpark }, url != null && { spark: connect(url) });
