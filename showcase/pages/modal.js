// A hook for a <dialog> of a live component, which is in the page only while it is open: data-hook="modal".

spark.hook('modal', { mounted: (dialog) => dialog.showModal() });
